/* fuzz-response.c - one message of an agent, as server and uplink read it
 *
 * What can be read can be written, and reads the same. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/wire-again.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	(void)wire_again(MSG_TO_SERVER, data, len);
	return 0;
}
