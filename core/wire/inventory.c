/* inventory.c - what an executor is and holds, to and from protobuf */
#include <errno.h>

#include "base/id.h"
#include "base/limits.h"
#include "wire/convert.h"

static int
put_limits(struct arena *a, const struct msg_inventory *from,
	Nodelink__V1__Inventory *m)
{
	Nodelink__V1__LimitKind *kinds =
		arena_array(a, from->n_limits, sizeof *kinds);

	m->limits = arena_array(a, from->n_limits, sizeof(*m->limits));
	if (!m->limits || !kinds)
		return -ENOMEM;
	m->n_limits = from->n_limits;
	for (size_t i = 0; i < from->n_limits; i++) {
		nodelink__v1__limit_kind__init(&kinds[i]);
		kinds[i].name = convert_text(from->limits[i].name);
		kinds[i].by = convert_text(from->limits[i].by);
		m->limits[i] = &kinds[i];
	}
	return 0;
}

int
convert_put_inventory(struct arena *a, const struct msg_inventory *from,
	Nodelink__V1__Inventory *m)
{
	Nodelink__V1__PluginField *fields;
	Nodelink__V1__HeldTask *held;

	m->instance = convert_text(from->instance);
	m->version = convert_text(from->version);
	m->summary = convert_text(from->summary);
	m->containment = convert_text(from->containment);
	m->params = arena_array(a, from->n_params, sizeof(*m->params));
	fields = arena_array(a, from->n_params, sizeof *fields);
	m->tasks = arena_array(a, from->n_tasks, sizeof(*m->tasks));
	held = arena_array(a, from->n_tasks, sizeof *held);
	if (!m->params || !fields || !m->tasks || !held)
		return -ENOMEM;
	m->n_params = from->n_params;
	for (size_t i = 0; i < from->n_params; i++) {
		const struct msg_field *f = &from->params[i];

		nodelink__v1__plugin_field__init(&fields[i]);
		fields[i].name = convert_text(f->name);
		fields[i].type = convert_text(f->type);
		fields[i].required = f->required;
		fields[i].list = f->list;
		fields[i].secret = f->secret;
		fields[i].fallback = convert_text(f->fallback);
		fields[i].help = convert_text(f->help);
		m->params[i] = &fields[i];
	}
	m->n_tasks = from->n_tasks;
	for (size_t i = 0; i < from->n_tasks; i++) {
		nodelink__v1__held_task__init(&held[i]);
		held[i].task_id = convert_text(from->tasks[i].task_id);
		held[i].last_seq = from->tasks[i].last_seq;
		held[i].ended = from->tasks[i].ended;
		m->tasks[i] = &held[i];
	}
	m->complete = from->complete;
	m->draining = from->draining;
	m->partial = from->partial;
	m->seccomp = convert_text(from->seccomp);
	m->draining_reason = convert_text(from->draining_reason);
	return put_limits(a, from, m);
}

static int
get_limits(struct arena *a, const Nodelink__V1__Inventory *m,
	struct msg_inventory *out, struct err *err)
{
	struct msg_limit_kind *kinds;

	if (m->n_limits > LIMIT_LIST)
		return err_set(err, -EBADMSG,
			"inventory names %zu limits, the limit is %d",
			m->n_limits, LIMIT_LIST);
	kinds = arena_array(a, m->n_limits, sizeof *kinds);
	if (!kinds)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_limits; i++)
		kinds[i] = (struct msg_limit_kind){ m->limits[i]->name,
			m->limits[i]->by };
	out->limits = kinds;
	out->n_limits = m->n_limits;
	return 0;
}

int
convert_get_inventory(struct arena *a, const Nodelink__V1__Inventory *m,
	struct msg_inventory *out, struct err *err)
{
	struct msg_field *fields;
	struct msg_held *held;

	if (m->n_tasks > LIMIT_TASKS_PER_AGENT)
		return err_set(err, -EBADMSG,
			"inventory of %zu tasks, the limit is %d", m->n_tasks,
			LIMIT_TASKS_PER_AGENT);
	fields = arena_array(a, m->n_params, sizeof *fields);
	held = arena_array(a, m->n_tasks, sizeof *held);
	if (!fields || !held)
		return -ENOMEM;
	if (m->n_params > LIMIT_PARAMS)
		return err_set(err, -EBADMSG,
			"plugin declares %zu params, the limit is %d",
			m->n_params, LIMIT_PARAMS);
	for (size_t i = 0; i < m->n_params; i++) {
		const Nodelink__V1__PluginField *f = m->params[i];

		fields[i] = (struct msg_field){ f->name, f->type, f->required,
			f->list, f->secret, f->fallback, f->help };
	}
	for (size_t i = 0; i < m->n_tasks; i++) {
		if (!id_valid(m->tasks[i]->task_id))
			return err_set(err, -EBADMSG,
				"inventory names task '%.80s'",
				m->tasks[i]->task_id);
		held[i] = (struct msg_held){ m->tasks[i]->task_id,
			m->tasks[i]->last_seq, m->tasks[i]->ended };
	}
	*out = (struct msg_inventory){ .instance = m->instance,
		.version = m->version,
		.summary = m->summary,
		.containment = m->containment,
		.params = fields,
		.n_params = m->n_params,
		.tasks = held,
		.n_tasks = m->n_tasks,
		.complete = m->complete,
		.draining = m->draining,
		.partial = m->partial,
		.seccomp = m->seccomp,
		.draining_reason = m->draining_reason };
	return get_limits(a, m, out, err);
}
