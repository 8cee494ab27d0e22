"""portal config: every setting with its value and meaning, and no secret."""

from portal.config import SETTINGS
from tests.cli.conftest import Portal


def test_every_setting_is_listed_with_its_value_and_its_meaning(portal: Portal):
    answer = portal("config", CITY="Żory", SMS_DAILY_CAP="7")
    assert (answer.status, answer.err) == (0, "")
    for setting in SETTINGS:
        assert f"\n{setting.variable}=" in "\n" + answer.out
        assert f"\n    {setting.meaning}\n" in answer.out
    assert "PORTAL_CITY=Żory\n" in answer.out and "PORTAL_SMS_DAILY_CAP=7\n" in answer.out


def test_passwords_and_tokens_in_addresses_are_hidden(portal: Portal):
    answer = portal("config", MAIL_URL="smtp://user:geheim@mail.example.org:587", SMS_URL="smsapi://tajne@api.smsapi.pl",
                    REDIS_URL="redis://:sekret@10.0.0.1/0")
    for secret in ("geheim", "tajne", "sekret"):
        assert secret not in answer.out
    assert "PORTAL_MAIL_URL=smtp://•••@mail.example.org:587\n" in answer.out


def test_key_is_not_shown(portal: Portal):
    assert "KEY" not in portal("config").out
