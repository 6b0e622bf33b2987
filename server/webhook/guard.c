/* guard.c - addresses that the server must not be made to call
 *
 * The registries of special addresses of IANA, as tables of prefixes. What is
 * asked about is the address of the very connection, so no name can change its
 * mind in between. */
#include "webhook/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"

struct prefix4 {
	uint8_t net[4];
	unsigned bits;
};

static const struct prefix4 internal4[] = {
	{ { 0 }, 8 }, /* this network */
	{ { 10 }, 8 }, /* private */
	{ { 100, 64 }, 10 }, /* of carriers' NAT */
	{ { 127 }, 8 }, /* this host */
	{ { 169, 254 }, 16 }, /* link; metadata of clouds */
	{ { 172, 16 }, 12 }, /* private */
	{ { 192, 0, 0 }, 24 }, /* of protocols */
	{ { 192, 0, 2 }, 24 }, /* documentation */
	{ { 192, 88, 99 }, 24 }, /* 6to4 relays */
	{ { 192, 168 }, 16 }, /* private */
	{ { 198, 18 }, 15 }, /* benchmarks */
	{ { 198, 51, 100 }, 24 }, /* documentation */
	{ { 203, 0, 113 }, 24 }, /* documentation */
	{ { 224 }, 4 }, /* multicast */
	{ { 240 }, 4 }, /* reserved, broadcast */
};

struct prefix6 {
	uint8_t net[16];
	unsigned bits;
	int v4_at; /* where an address of IPv4 stands that counts; 0: none */
};

static const struct prefix6 internal6[] = {
	{ { [10] = 0xff, 0xff }, 96, 12 }, /* IPv4, mapped */
	{ { 0, 0x64, 0xff, 0x9b }, 96, 12 }, /* NAT64 */
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, 0 }, /* NAT64 of a site */
	{ { 0 }, 96, 0 }, /* none, this host, IPv4-compatible */
	{ { 1 }, 64, 0 }, /* discarded */
	{ { 0x20, 0x01 }, 23, 0 }, /* of protocols, Teredo */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, 0 }, /* documentation */
	{ { 0x20, 0x02 }, 16, 2 }, /* 6to4 */
	{ { 0x3f, 0xff }, 20, 0 }, /* documentation */
	{ { 0x5f }, 16, 0 }, /* segment routing */
	{ { 0xfc }, 7, 0 }, /* unique local */
	{ { 0xfe, 0x80 }, 10, 0 }, /* link */
	{ { 0xfe, 0xc0 }, 10, 0 }, /* site */
	{ { 0xff }, 8, 0 }, /* multicast */
};

static bool
fits(const uint8_t *address, const uint8_t *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(address, net, whole) == 0 &&
	       (!rest || (address[whole] ^ net[whole]) >> (8 - rest) == 0);
}

static bool
is_internal4(const uint8_t address[4])
{
	for (size_t i = 0; i < ARRAY_SIZE(internal4); i++)
		if (fits(address, internal4[i].net, internal4[i].bits))
			return true;
	return false;
}

static bool
is_internal6(const uint8_t address[16])
{
	for (size_t i = 0; i < ARRAY_SIZE(internal6); i++) {
		const struct prefix6 *p = &internal6[i];

		if (fits(address, p->net, p->bits))
			return !p->v4_at || is_internal4(address + p->v4_at);
	}
	return false;
}

bool
guard_is_internal(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return is_internal4((const uint8_t *)&in->sin_addr);
	if (address->sa_family == AF_INET6)
		return is_internal6(in6->sin6_addr.s6_addr);
	return true;
}

bool
guard_is_internal_text(const char *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1)
		return is_internal4(bytes);
	return inet_pton(AF_INET6, address, bytes) == 1 && is_internal6(bytes);
}
