// Comforts of the residents' pages. Every page works without this file; it may only add to what the server does.

const words = document.currentScript.dataset;

// An error summary is read out and scrolled to at once; its links lead into groups of fields too, and from what is said of a
// number of points on the ballot to its first button.
function errorSummary(summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const target = event.target.closest("a") && document.getElementById(event.target.closest("a").hash.slice(1));
    const field = target && (target.matches("input, select, textarea") ? target : target.querySelector("input")
      ?? document.getElementsByName(target.id)[0]);
    if (!field) return;
    event.preventDefault();
    (field.closest("fieldset, .govuk-form-group") ?? field).scrollIntoView();
    field.scrollIntoView({ block: "nearest" });
    field.focus({ preventScroll: true });
  });
}

// A form is sent once: a second click within five seconds is a slip of the hand, a later one is meant.
function sendOnce() {
  const sent = new WeakMap();
  document.addEventListener("submit", (event) => {
    if (Date.now() - (sent.get(event.target) ?? 0) < 5000) event.preventDefault();
    else if (!event.defaultPrevented) sent.set(event.target, Date.now());
  });
}

// <button data-countdown-seconds="60" data-countdown-label="Send again in {seconds} s"> waits before it can be pressed.
function countdown(button) {
  const label = button.textContent;
  const end = Date.now() + 1000 * button.dataset.countdownSeconds;
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    button.hidden = false;
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? button.dataset.countdownLabel.replace("{seconds}", seconds) : label;
    if (seconds > 0) setTimeout(tick, 500);
  };
  tick();
}

// Every password can be looked at while it is typed; it is hidden again before it is sent.
function passwordReveal(input) {
  const name = input.labels[0]?.textContent.trim() ?? "";
  const wrapper = document.createElement("div");
  const button = document.createElement("button");
  const reveal = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? words.hide : words.show;
    button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  };
  wrapper.className = "app-password";
  button.className = "govuk-button govuk-button--secondary";
  button.type = "button";
  button.addEventListener("click", () => reveal(input.type === "password"));
  input.form?.addEventListener("submit", () => reveal(false));
  input.replaceWith(wrapper);
  wrapper.append(input, button);
  reveal(false);
}

// Beside a new password: how long it is, and whether it would be guessed first. It only advises; the server judges.
function passwordMeter(input) {
  const said = JSON.parse(input.dataset.meter);
  const bar = document.createElement("meter");
  const line = document.createElement("p");
  const bare = (text) => text.toLowerCase().normalize("NFKD").replaceAll("ł", "l").replace(/[^\p{L}\p{N}]/gu, "");
  const ownWords = () => {
    const known = input.form.querySelectorAll("[autocomplete$=name], [autocomplete=email]");
    const parts = [...known].flatMap(({ value }) => [value, value.replace(/@[^@]*$/, ""), ...value.split(/[^\p{L}\p{N}]+/u)]);
    return [...parts, ...input.dataset.own.split("\n")].map(bare).filter((word) => word.length >= 4);
  };
  // Signs that one could not tell from those before them: not the same again, nor the next of the alphabet or the keyboard.
  const surprises = (text) => {
    const once = /^(.+?)\1*$/su.exec(text)[1];
    const follows = (sign, last) => Math.abs(sign.codePointAt() - last.codePointAt()) < 2
      || ["qwertyuiop", "asdfghjkl", "zxcvbnm"].some((row) => row.includes(last + sign) || row.includes(sign + last));
    return [...once].filter((sign, at, all) => !at || !follows(sign, all[at - 1])).length;
  };
  const judge = (password, length) => {
    if (length < 10) return "short";
    if (ownWords().some((word) => bare(password).includes(word))) return "own";
    if (surprises(password.toLowerCase()) < 6) return "pattern";
    return length < 15 ? "fair" : "good";
  };
  let speaking;
  const show = () => {
    const length = [...input.value].length;
    const verdict = judge(input.value, length);
    bar.value = { short: Math.min(length, 4), own: 4, pattern: 4, fair: length - 1, good: 15 }[verdict];
    bar.hidden = line.hidden = !length;
    clearTimeout(speaking); // It is read out when the hands rest, not at each key.
    speaking = setTimeout(() => { line.textContent = said[verdict].replace("{length}", length); }, 500);
  };
  Object.assign(bar, { className: "app-meter", max: 15, low: 5, high: 14, optimum: 15, hidden: true });
  bar.setAttribute("aria-hidden", "true");
  line.className = "app-meter-line";
  line.setAttribute("aria-live", "polite");
  (input.closest(".app-password") ?? input).after(bar, line);
  input.form.addEventListener("input", show);
}

document.querySelectorAll(".govuk-error-summary").forEach(errorSummary);
document.querySelectorAll("[data-countdown-seconds]").forEach(countdown);
document.querySelectorAll("input[type=password]").forEach(passwordReveal);
document.querySelectorAll("input[data-meter]").forEach(passwordMeter);
sendOnce();
