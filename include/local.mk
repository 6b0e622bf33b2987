nodelinkincludedir = $(includedir)/nodelink
nodelinkinclude_HEADERS = %D%/nodelink/plugin.h
pkgconfig_DATA += %D%/nodelink/nodelink.pc
EXTRA_DIST += %D%/nodelink/COPYING
