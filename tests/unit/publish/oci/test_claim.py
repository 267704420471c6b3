"""The claims of simultaneous publishers, over a register that is as simple as a tag."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hatch_tilebox.publish.oci import claim as claims
from hatch_tilebox.publish.oci.claim import Claim


class Register:
    """A tag: anybody reads it, anybody replaces it. `delays` are the seconds that each call takes at most."""

    def __init__(self, delay=0.0, seed=0):
        self.value = None
        self.delay = delay
        self.random = random.Random(seed)

    def read(self):
        time.sleep(self.random.uniform(0, self.delay))
        return self.value

    def write(self, text):
        time.sleep(self.random.uniform(0, self.delay))
        self.value = text


def claim_and_finish(register):
    claim = Claim(register.read, register.write)
    claim.make()
    return claim.won()


@pytest.mark.parametrize("seed", range(5))
def test_exactly_one_of_many_wins(monkeypatch, seed):
    monkeypatch.setattr(claims, "WAIT_SECONDS", 0.3)
    register = Register(delay=0.05, seed=seed)
    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(claim_and_finish, [register] * 20))
    assert won.count(True) == 1 or (won.count(True) == 0 and None in won)


def test_who_comes_later_is_not_the_creator(monkeypatch):
    monkeypatch.setattr(claims, "WAIT_SECONDS", 0.5)
    register = Register()
    assert [claim_and_finish(register) for _ in range(3)] == [True, None, None]


def test_who_is_too_slow_does_not_know(monkeypatch):
    monkeypatch.setattr(claims, "WAIT_SECONDS", 0.01)
    register = Register()
    slow = Claim(register.read, lambda text: (time.sleep(0.1), register.write(text)))
    slow.make()
    assert slow.won() is None


def test_a_claim_that_was_overwritten_is_lost(monkeypatch):
    monkeypatch.setattr(claims, "WAIT_SECONDS", 0.01)
    register = Register()
    claim = Claim(register.read, register.write)
    claim.make()
    register.write("another")
    assert claim.won() is False
