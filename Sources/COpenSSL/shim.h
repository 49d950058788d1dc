// OpenSSL's libcrypto, for module SupplementaryKeys only: the algorithms that swift-crypto lacks.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

// EVP_PKEY_KEYPAIR and EVP_PKEY_PUBLIC_KEY, macros of macros, which Swift does not see.
static const int aikagi_openssl_key_pair = EVP_PKEY_KEYPAIR;
static const int aikagi_openssl_public_key = EVP_PKEY_PUBLIC_KEY;
