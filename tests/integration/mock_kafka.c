/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A Kafka broker for tests: librdkafka's mock cluster, which keeps what it was given. Says where it
 * listens, then takes "down", "up" and "quit" on standard input and answers each with itself.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
	char why[512], line[64];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));

	if (!handle) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(handle, 1);
	if (!cluster || rd_kafka_mock_topic_create(cluster, "typosink", 1, 1)) {
		fprintf(stderr, "no mock cluster\n");
		return 1;
	}
	printf("listening on %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "quit\n") != 0) {
		if (strcmp(line, "down\n") == 0)
			rd_kafka_mock_broker_set_down(cluster, 1);
		else if (strcmp(line, "up\n") == 0)
			rd_kafka_mock_broker_set_up(cluster, 1);
		fputs(line, stdout);
		fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(handle);
	return 0;
}
