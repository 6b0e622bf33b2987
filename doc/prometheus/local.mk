prometheusdir = $(docdir)/prometheus
dist_prometheus_DATA = \
	%D%/nodelink.rules.yml \
	%D%/prometheus.yml
