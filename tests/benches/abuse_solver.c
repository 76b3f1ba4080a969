/* Solves one part of a puzzle as fast as one core can: OpenSSL's SHA-256 with the processor's own instructions, one
   compression a try. Compiled by abuse_solver.py. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

uint64_t solve_part(const unsigned char *prefix, int index, int bits)
{
    unsigned char first[64], second[64] = {0};
    memcpy(first, prefix, 57);
    first[57] = (unsigned char)index;
    second[2] = 0x80;
    second[62] = 0x02; /* 66 bytes are 528 bits */
    second[63] = 0x10;
    for (uint64_t high = 0;; high++) {
        SHA256_CTX head, attempt;
        for (int i = 0; i < 6; i++)
            first[58 + i] = (unsigned char)(high >> (8 * (5 - i)));
        SHA256_Init(&head);
        SHA256_Transform(&head, first);
        for (uint32_t low = 0; low < 65536; low++) {
            attempt = head;
            second[0] = (unsigned char)(low >> 8);
            second[1] = (unsigned char)low;
            SHA256_Transform(&attempt, second);
            if (attempt.h[0] >> (32 - bits) == 0)
                return high << 16 | low;
        }
    }
}
