#include "CMLDSA44.h"

#include <string.h>

// The structures are opaque to their users; BoringSSL's need 12,416 and 4,192 bytes, and a CBB 48. Twice that is given, so
// that a later BoringSSL may grow them.
typedef union {
    uint8_t bytes[2 * 12416];
    uint64_t alignment;
} private_key;

typedef union {
    uint8_t bytes[2 * 4192];
    uint64_t alignment;
} public_key;

typedef union {
    uint8_t bytes[128];
    uint64_t alignment;
} byte_builder;

// BoringSSL's CBS: what is left to read.
typedef struct {
    const uint8_t *data;
    size_t length;
} byte_string;

// As swift-crypto's BoringSSL names them (mldsa.h, bytestring.h).
extern int CCryptoBoringSSL_MLDSA44_private_key_from_seed(private_key *out, const uint8_t *seed, size_t seed_length);
extern int CCryptoBoringSSL_MLDSA44_public_from_private(public_key *out, const private_key *key);
extern int CCryptoBoringSSL_MLDSA44_marshal_public_key(byte_builder *out, const public_key *key);
extern int CCryptoBoringSSL_MLDSA44_sign(uint8_t *out, const private_key *key, const uint8_t *message,
                                         size_t message_length, const uint8_t *context, size_t context_length);
extern int CCryptoBoringSSL_MLDSA44_parse_public_key(public_key *out, byte_string *in);
extern int CCryptoBoringSSL_MLDSA44_verify(const public_key *key, const uint8_t *signature, size_t signature_length,
                                           const uint8_t *message, size_t message_length, const uint8_t *context,
                                           size_t context_length);
extern int CCryptoBoringSSL_CBB_init_fixed(byte_builder *builder, uint8_t *buffer, size_t length);
extern size_t CCryptoBoringSSL_CBB_len(const byte_builder *builder);
extern void CCryptoBoringSSL_OPENSSL_cleanse(void *bytes, size_t length);

int aikagi_mldsa44_public_key(const uint8_t seed[CMLDSA44_SEED_BYTES], uint8_t out[CMLDSA44_PUBLIC_KEY_BYTES]) {
    private_key secret;
    public_key public;
    byte_builder builder;
    int done = CCryptoBoringSSL_MLDSA44_private_key_from_seed(&secret, seed, CMLDSA44_SEED_BYTES) &&
               CCryptoBoringSSL_MLDSA44_public_from_private(&public, &secret) &&
               CCryptoBoringSSL_CBB_init_fixed(&builder, out, CMLDSA44_PUBLIC_KEY_BYTES) &&
               CCryptoBoringSSL_MLDSA44_marshal_public_key(&builder, &public) &&
               CCryptoBoringSSL_CBB_len(&builder) == CMLDSA44_PUBLIC_KEY_BYTES;
    CCryptoBoringSSL_OPENSSL_cleanse(&secret, sizeof secret);
    return done;
}

int aikagi_mldsa44_sign(const uint8_t seed[CMLDSA44_SEED_BYTES], const uint8_t *message, size_t message_length,
                        uint8_t out[CMLDSA44_SIGNATURE_BYTES]) {
    private_key secret;
    int done = CCryptoBoringSSL_MLDSA44_private_key_from_seed(&secret, seed, CMLDSA44_SEED_BYTES) &&
               CCryptoBoringSSL_MLDSA44_sign(out, &secret, message, message_length, NULL, 0);
    CCryptoBoringSSL_OPENSSL_cleanse(&secret, sizeof secret);
    return done;
}

static int parse(public_key *out, const uint8_t key[CMLDSA44_PUBLIC_KEY_BYTES]) {
    byte_string in = {key, CMLDSA44_PUBLIC_KEY_BYTES};
    return CCryptoBoringSSL_MLDSA44_parse_public_key(out, &in);
}

int aikagi_mldsa44_is_public_key(const uint8_t key[CMLDSA44_PUBLIC_KEY_BYTES]) {
    public_key public;
    return parse(&public, key);
}

int aikagi_mldsa44_verify(const uint8_t key[CMLDSA44_PUBLIC_KEY_BYTES], const uint8_t *message, size_t message_length,
                          const uint8_t signature[CMLDSA44_SIGNATURE_BYTES]) {
    public_key public;
    return parse(&public, key) &&
           CCryptoBoringSSL_MLDSA44_verify(&public, signature, CMLDSA44_SIGNATURE_BYTES, message, message_length, NULL, 0);
}
