EXTRA_DIST += %D%/common.sh %D%/containment-table %D%/deps %D%/quickstart %D%/test
