nobase_include_HEADERS = include/nodelink/plugin.h
pkgconfig_DATA += %D%/nodelink/nodelink.pc
EXTRA_DIST += %D%/nodelink/COPYING
