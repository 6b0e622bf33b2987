/* main.c - nodelink-server: settings, then loop, store, hub, gRPC, HTTP */
int
main(void)
{
	return 0;
}
