dist_man_MANS += \
	%D%/nodelink.1 \
	%D%/nodelink-cancel.1 \
	%D%/nodelink-run.1 \
	%D%/nodelink-agents.1 \
	%D%/nodelink-defer.1 \
	%D%/nodelink-ps.1 \
	%D%/nodelink-token.1 \
	%D%/nodelink-agent.8 \
	%D%/nodelink-agent.conf.5 \
	%D%/nodelink-api.7 \
	%D%/nodelink-enroll.8 \
	%D%/nodelink-executor.8 \
	%D%/nodelink-plugin.3 \
	%D%/nodelink-security.7 \
	%D%/nodelink-server.8 \
	%D%/nodelink-server.conf.5 \
	%D%/nodelink-shim.8 \
	%D%/nodelink-tasks.7 \
	%D%/nodelink-uplink.8
