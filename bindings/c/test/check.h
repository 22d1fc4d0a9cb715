/* What the tests in C say: EXPECT counts what is not so, and main returns whether there was any. */
#ifndef JACKFIELD_C_TEST_CHECK_H_
#define JACKFIELD_C_TEST_CHECK_H_

#include <stdio.h>
#include <string.h>

#include "bindings/c/jackfield.h"

static int failures = 0;

#define EXPECT(what)                                                                       \
  do {                                                                                     \
    if (!(what)) {                                                                         \
      fprintf(stderr, "%s:%d: it is not so: %s; the last error: %d %s %s: %s\n", __FILE__, \
              __LINE__, #what, jf_error()->code, jf_error()->outcome_name,                 \
              jf_error()->reason_name, jf_error()->text);                                  \
      ++failures;                                                                          \
    }                                                                                      \
  } while (0)
#define EXPECT_OK(call) EXPECT((call) == JF_OK)
/* It is refused, for that reason, with these words in its sentence. */
#define EXPECT_REFUSED(call, for_reason, words)        \
  do {                                                 \
    EXPECT((call) != JF_OK);                           \
    EXPECT(jf_error()->outcome == JF_OUTCOME_REFUSED); \
    EXPECT(jf_error()->reason == (for_reason));        \
    EXPECT(strstr(jf_error()->text, (words)) != NULL); \
  } while (0)

/* A node, a port on it, and a channel to that: a call is then served by the turns of who waits. */
typedef struct World {
  jf_node* node;
  jf_port* port;
  jf_channel* channel;
} World;

static inline World Open(void) {
  World world = {NULL, NULL, NULL};
  const char* const addresses[] = {"unix:"};
  EXPECT_OK(jf_node_open("test", NULL, &world.node));
  EXPECT_OK(jf_port_open(world.node, addresses, 1, NULL, &world.port));
  EXPECT_OK(jf_channel_open(world.node, jf_port_address(world.port, 0), NULL, &world.channel));
  return world;
}

static inline void Close(World* world) { EXPECT_OK(jf_node_close(world->node)); }

static inline int Says(const jf_message* message, const char* text) {
  size_t bytes;
  const void* data = jf_message_data(message, &bytes);
  return data != NULL && bytes == strlen(text) && memcmp(data, text, bytes) == 0;
}

#endif /* JACKFIELD_C_TEST_CHECK_H_ */
