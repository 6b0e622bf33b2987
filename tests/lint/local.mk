lint_tests = %D%/layers.sh %D%/sizes.sh %D%/format.sh %D%/headers.sh \
	%D%/forbidden.sh %D%/shell.sh %D%/manual.sh %D%/drawing.sh \
	%D%/systemd.sh %D%/openapi.sh %D%/usage.sh
TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests) %D%/lint.sh LAYERS .clang-format \
	%D%/openapi/lint.mjs %D%/openapi/package.json %D%/openapi/package-lock.json
