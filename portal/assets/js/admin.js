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

document.querySelector(".panel-errors")?.focus();
