// The panel's one script: listeners on the document, so that no page needs a handler of its own. Everything works without it.

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    document.querySelectorAll("input[name=rowid]").forEach((box) => { box.checked = event.target.checked; });
  }
});

// What has the focus in a table that scrolls is seen whole; browsers are content with a part of it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".table-responsive :focus-visible")) {
    event.target.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});

// A password can be looked at while it is typed; it is hidden again before it is sent.
for (const input of document.querySelectorAll("input[data-show]")) {
  const wrapper = document.createElement("div");
  const button = document.createElement("button");
  const reveal = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? input.dataset.hide : input.dataset.show;
    button.setAttribute("aria-label", `${button.textContent}: ${input.labels[0].textContent.trim()}`);
  };
  wrapper.className = "panel-password";
  button.className = "btn btn-outline-primary";
  button.type = "button";
  button.addEventListener("click", () => reveal(input.type === "password"));
  input.form.addEventListener("submit", () => reveal(false));
  input.replaceWith(wrapper);
  wrapper.append(input, button);
  reveal(false);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

document.querySelector(".panel-errors")?.focus();
