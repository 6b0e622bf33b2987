dist_man_MANS += \
	%D%/nodelink-agent.8 \
	%D%/nodelink-agent.conf.5 \
	%D%/nodelink-executor.8 \
	%D%/nodelink-uplink.8
