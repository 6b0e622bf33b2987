dist_man_MANS += \
	%D%/nodelink-agent.8 \
	%D%/nodelink-agent.conf.5 \
	%D%/nodelink-executor.8 \
	%D%/nodelink-uplink.8
dist_man_MANS += %D%/nodelink-api.7
dist_man_MANS += %D%/nodelink-server.8
dist_man_MANS += %D%/nodelink-server.conf.5
