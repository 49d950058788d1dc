// ML-DSA-44 (FIPS 204) of the BoringSSL that swift-crypto builds, for module SupplementaryKeys only: swift-crypto's own
// interface ends with ML-DSA-65 and ML-DSA-87.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CMLDSA44_SEED_BYTES 32
#define CMLDSA44_PUBLIC_KEY_BYTES 1312
#define CMLDSA44_SIGNATURE_BYTES 2420

/// Computes the encoded public key of a seed; returns 1, or 0 when memory ran out.
int aikagi_mldsa44_public_key(const uint8_t seed[CMLDSA44_SEED_BYTES], uint8_t out[CMLDSA44_PUBLIC_KEY_BYTES]);

/// Signs a message under the empty context, by the randomised variant; returns 1, or 0 when memory ran out.
int aikagi_mldsa44_sign(const uint8_t seed[CMLDSA44_SEED_BYTES], const uint8_t *message, size_t message_length,
                        uint8_t out[CMLDSA44_SIGNATURE_BYTES]);

/// Whether the bytes encode a public key.
int aikagi_mldsa44_is_public_key(const uint8_t key[CMLDSA44_PUBLIC_KEY_BYTES]);

/// Whether the signature is one of the key over the message under the empty context.
int aikagi_mldsa44_verify(const uint8_t key[CMLDSA44_PUBLIC_KEY_BYTES], const uint8_t *message, size_t message_length,
                          const uint8_t signature[CMLDSA44_SIGNATURE_BYTES]);
