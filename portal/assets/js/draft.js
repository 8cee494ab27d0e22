// Comforts of the pages on which residents write their proposals: how many characters are left, and what the costs add up to.

const texts = document.currentScript.dataset;

// It is read out when the hands rest, not at each key.
function say(line, text) {
  clearTimeout(line.speaking);
  line.speaking = setTimeout(() => { line.textContent = text; }, line.textContent ? 500 : 0);
}

function lineAfter(element) {
  const line = document.createElement("p");
  line.className = "app-count";
  line.setAttribute("aria-live", "polite");
  element.after(line);
  return line;
}

// <textarea data-count-most="250">: counted as the server does, without what stands at both ends.
function count(area) {
  const line = lineAfter(area);
  const show = () => {
    const left = area.dataset.countMost - [...area.value.trim()].length;
    line.classList.toggle("app-count--over", left < 0);
    say(line, (left < 0 ? texts.over : texts.left).replace("{number}", Math.abs(left).toLocaleString(document.documentElement.lang)));
  };
  area.addEventListener("input", show);
  show();
}

// <table data-cost-sum>: amounts are typed as 1 250,50. What they add up to stands in the strong after the table.
function addUp(table) {
  const line = table.nextElementSibling.querySelector("strong");
  const show = () => {
    const amounts = [...table.querySelectorAll("[name^=amount_]")]
      .map((input) => Number(input.value.replace(/\s|zł/g, "").replace(",", ".")) || 0);
    const sum = amounts.reduce((one, other) => one + Math.round(other * 100), 0) / 100;
    const written = { minimumFractionDigits: sum % 1 ? 2 : 0, useGrouping: "always" };
    say(line, texts.sum.replace("{sum}", sum.toLocaleString(document.documentElement.lang, written)));
  };
  table.addEventListener("input", show);
}

document.querySelectorAll("[data-count-most]").forEach(count);
document.querySelectorAll("[data-cost-sum]").forEach(addUp);
