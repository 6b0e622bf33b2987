EXTRA_DIST += %D%/common.sh %D%/deps %D%/quickstart %D%/test
