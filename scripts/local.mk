EXTRA_DIST += %D%/common.sh %D%/containment-table %D%/deps %D%/fuzz %D%/quickstart %D%/test
