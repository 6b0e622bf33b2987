# Clients in other languages. They are built by their own tools and tested with
# the real programs (tests/system/test_34_typescript.py); this build needs none.
typescript = %D%/typescript
EXTRA_DIST += $(typescript)/README.md $(typescript)/package.json $(typescript)/tsconfig.json \
	$(typescript)/examples/basic.ts \
	$(typescript)/examples/monitoring.ts \
	$(typescript)/examples/race.ts \
	$(typescript)/src/client.ts \
	$(typescript)/src/errors.ts \
	$(typescript)/src/events.ts \
	$(typescript)/src/http.ts \
	$(typescript)/src/index.ts \
	$(typescript)/src/requests.ts \
	$(typescript)/src/slot.ts \
	$(typescript)/src/sse.ts \
	$(typescript)/src/stream.ts \
	$(typescript)/src/ties.ts \
	$(typescript)/src/types.ts \
	$(typescript)/src/wait.ts \
	$(typescript)/test/browser.test.js \
	$(typescript)/test/client.test.js \
	$(typescript)/test/fake-server.js \
	$(typescript)/test/in-browser.js \
	$(typescript)/test/sse.test.js \
	$(typescript)/test/stream.test.js \
	$(typescript)/test/test-cancellation.ts \
	$(typescript)/test/test-follow.ts \
	$(typescript)/test/test-token.ts
