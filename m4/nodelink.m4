# Macros of nodelink's configure.

# NODELINK_PKG(PREFIX, MODULE, DEBIAN-PACKAGE)
# As PKG_CHECK_MODULES, but remembers what is missing instead of stopping;
# headers come in as system headers, so that our warnings stay ours.
AC_DEFUN([NODELINK_PKG], [
  PKG_CHECK_MODULES([$1], [$2],
    [$1_CFLAGS=`AS_ECHO(["$$1_CFLAGS"]) | $SED 's/-I/-isystem /g'`],
    [nodelink_missing="$nodelink_missing $3"])
])

# NODELINK_TRY_CFLAGS(VARIABLE, FLAGS...): append each flag that compiles.
AC_DEFUN([NODELINK_TRY_CFLAGS], [
  for nodelink_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC takes $nodelink_flag])
    nodelink_save=$CFLAGS
    CFLAGS="$CFLAGS -Werror $nodelink_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $nodelink_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$nodelink_save
  done
])

# NODELINK_TRY_LDFLAGS(VARIABLE, FLAGS...): append each flag that links.
AC_DEFUN([NODELINK_TRY_LDFLAGS], [
  for nodelink_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether the linker takes $nodelink_flag])
    nodelink_save=$LDFLAGS
    LDFLAGS="$LDFLAGS -Werror $nodelink_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $nodelink_flag"],
      [AC_MSG_RESULT([no])])
    LDFLAGS=$nodelink_save
  done
])

AC_DEFUN([AX_NODELINK_THREADS], [
  AC_SEARCH_LIBS([pthread_create], [pthread], [],
    [AC_MSG_ERROR([POSIX threads are missing])])
])

# NODELINK_FLAGS: the warnings and hardening of the whole project, in
# NODELINK_CFLAGS (everything), NODELINK_LDFLAGS (everything),
# NODELINK_PROG_CFLAGS/LDFLAGS (programs only: a plugin must stay loadable).
AC_DEFUN([NODELINK_FLAGS], [
  NODELINK_CFLAGS="-std=gnu11 -fvisibility=hidden -fno-strict-aliasing"
  NODELINK_LDFLAGS=
  NODELINK_PROG_CFLAGS=
  NODELINK_PROG_LDFLAGS=
  NODELINK_TRY_CFLAGS([NODELINK_CFLAGS], [-Wall -Wextra -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations
    -Wold-style-definition -Wformat=2 -Wundef -Wvla -Walloca -Wpointer-arith
    -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough -Wconversion
    -Wdouble-promotion -Wnull-dereference -Wlogical-op -Wduplicated-cond
    -Wduplicated-branches -Wno-sign-conversion])
  AS_IF([test "x$enable_werror" = xyes], [NODELINK_CFLAGS="$NODELINK_CFLAGS -Werror"])
  AS_IF([test "x$enable_fuzz" != xno], [
    AS_IF([test "x$enable_sanitizers" = xno], [enable_sanitizers=address,undefined])
    enable_sanitizers="$enable_sanitizers,fuzzer-no-link"
    nodelink_save=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer-no-link"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [],
      [AC_MSG_ERROR([--enable-fuzz needs libFuzzer: CC=clang])])
    CFLAGS=$nodelink_save
  ])
  AS_IF([test "x$enable_sanitizers" != xno], [
    enable_hardening="no (sanitizers)"
    AC_DEFINE([NODELINK_SANITIZERS], [1], [a sanitizer is part of each program])
    NODELINK_CFLAGS="$NODELINK_CFLAGS -g -O1 -fno-omit-frame-pointer -fsanitize=$enable_sanitizers -fno-sanitize-recover=all"
    NODELINK_LDFLAGS="$NODELINK_LDFLAGS -fsanitize=$enable_sanitizers -Wl,--as-needed"
  ])
  AS_IF([test "x$enable_coverage" = xyes], [
    AC_DEFINE([NODELINK_COVERAGE], [1], [gcov writes files when a program ends])
    enable_hardening="no (coverage)"
    NODELINK_CFLAGS="$NODELINK_CFLAGS -g -O0 --coverage"
    NODELINK_LDFLAGS="$NODELINK_LDFLAGS --coverage"
  ])
  AS_IF([test "x$enable_hardening" = xyes], [
    # Fortify needs optimisation; plain -O0 builds would only warn.
    AS_CASE([" $CFLAGS "], [*" -O0 "*], [],
      [NODELINK_CFLAGS="$NODELINK_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"])
    NODELINK_TRY_CFLAGS([NODELINK_CFLAGS], [-fstack-protector-strong
      -fstack-clash-protection -fno-delete-null-pointer-checks
      -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3
      -fcf-protection=full -mbranch-protection=standard])
    NODELINK_TRY_CFLAGS([NODELINK_PROG_CFLAGS], [-fPIE])
    NODELINK_TRY_LDFLAGS([NODELINK_LDFLAGS], [-Wl,-z,relro -Wl,-z,now
      -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed])
    NODELINK_TRY_LDFLAGS([NODELINK_PROG_LDFLAGS], [-pie])
  ])
  AC_SUBST([NODELINK_CFLAGS])
  AC_SUBST([NODELINK_LDFLAGS])
  AC_SUBST([NODELINK_PROG_CFLAGS])
  AC_SUBST([NODELINK_PROG_LDFLAGS])
])
