if DOCKER
check_LTLIBRARIES += libdockertest.la
libdockertest_la_SOURCES = $(docker_sources) %D%/fake-host.c %D%/fake-host.h
libdockertest_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)

docker_test_libs = libdockertest.la libbase.la $(unit_libs) $(CURL_LIBS) $(JANSSON_LIBS)

unit_tests += tests/unit/docker/test-frames
tests_unit_docker_test_frames_SOURCES = %D%/test-frames.c
tests_unit_docker_test_frames_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_docker_test_frames_LDADD = $(docker_test_libs)

unit_tests += tests/unit/docker/test-output
tests_unit_docker_test_output_SOURCES = %D%/test-output.c
tests_unit_docker_test_output_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_docker_test_output_LDADD = $(docker_test_libs)

unit_tests += tests/unit/docker/test-spec
tests_unit_docker_test_spec_SOURCES = %D%/test-spec.c
tests_unit_docker_test_spec_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_docker_test_spec_LDADD = $(docker_test_libs)

unit_tests += tests/unit/docker/test-state
tests_unit_docker_test_state_SOURCES = %D%/test-state.c
tests_unit_docker_test_state_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_docker_test_state_LDADD = $(docker_test_libs)
endif
