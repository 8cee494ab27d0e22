"""The development mailbox, as people of the journeys read their letters there."""

from tests.browser.window import Window


def read_letter(window: Window, subject: str, recipient: str) -> str:
    """Return the newest message of this subject to an address or a number."""
    mailbox = window.tab()
    mailbox.visit("/dev/poczta")
    letters = (mailbox.page.locator("article").filter(has_text=recipient.replace(" ", ""))
               .filter(has=mailbox.page.get_by_role("heading", name=subject, exact=True)))
    for _ in range(300):  # More than a minute: then the worker looks by itself, whatever became of a wake-up.
        if letters.count():
            break
        mailbox.page.wait_for_timeout(200)
        mailbox.page.reload()
    text = "\n".join(letters.first.locator("p:not(.govuk-hint)").all_inner_texts())
    mailbox.page.close()
    return text
