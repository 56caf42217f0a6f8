/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - what a signature costs by itself: `bare SECONDS` checks RS256 (2048 bits) and ES256
 * signatures and makes ES256 ones, each in a loop over 650 bytes, the length of what is signed in
 * the bench's tokens. It prints a line for each: name, microseconds of processor time.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned char text[650];

/* The processor time of this process, in microseconds. */
static double
used_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
must(int ok, const char *what)
{
	if (ok != 1) {
		fprintf(stderr, "bare: %s failed\n", what);
		exit(1);
	}
}

static size_t
sign(EVP_PKEY *key, unsigned char *signature, size_t room)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t length = room;

	must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), "EVP_DigestSignInit");
	must(EVP_DigestSign(context, signature, &length, text, sizeof(text)), "EVP_DigestSign");
	EVP_MD_CTX_free(context);
	return length;
}

static void
check(EVP_PKEY *key, const unsigned char *signature, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), "EVP_DigestVerifyInit");
	must(EVP_DigestVerify(context, signature, length, text, sizeof(text)), "EVP_DigestVerify");
	EVP_MD_CTX_free(context);
}

/* Check, or else make, signatures for so long; print what one costs. */
static void
loop(const char *name, EVP_PKEY *key, double seconds, int checks)
{
	unsigned char signature[512], other[512];
	size_t length = sign(key, signature, sizeof(signature));
	double start = used_us(), spent = 0;
	long count = 0;

	for (; spent < seconds * 1e6; spent = used_us() - start) {
		for (int i = 0; i < 100; i++, count++) {
			if (checks)
				check(key, signature, length);
			else
				sign(key, other, sizeof(other));
		}
	}
	printf("%s %.3f\n", name, spent / (double)count);
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");

	must(rsa != NULL && ec != NULL, "making keys");
	loop("rs256-check", rsa, seconds, 1);
	loop("es256-check", ec, seconds, 1);
	loop("es256-signature", ec, seconds, 0);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	return 0;
}
