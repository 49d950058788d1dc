"""The vectors against python-fido2's own PIN/UV auth protocols, so that a slip in the model is noticed."""

from __future__ import annotations

import prf_vectors as vectors
import pytest
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2


@pytest.mark.parametrize("number, protocol", [(1, PinProtocolV1()), (2, PinProtocolV2())])
def test_python_fido2_agrees(number, protocol):
    secret = vectors.shared_secret(number)
    for count in (1, 2):
        plaintext = b"".join(vectors.SALTS[:count])
        ciphertext = vectors.encrypt(number, plaintext)
        assert protocol.decrypt(secret, ciphertext) == plaintext
        assert protocol.authenticate(secret, ciphertext) == vectors.authenticate(number, ciphertext)


def test_the_two_functions_of_a_credential_differ():
    with_verification, without = vectors.results(True), vectors.results(False)
    assert len({*with_verification, *without}) == 4
