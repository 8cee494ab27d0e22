"""Registration as a visitor meets it, from the form to the account; strangers learn nothing about who has one."""

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal import crypto
from portal.models import Account, Message, Registration
from tests.factories import NOW_PLUS  # noqa: F401
