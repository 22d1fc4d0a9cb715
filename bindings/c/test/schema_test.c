/* Messages as JSON, by a schema. */
#include <stdlib.h>

#include "bindings/c/test/check.h"

static const char* const kGreet = "greet.Greeter/Greet";

static void JsonGoesThereAndBack(const char* path) {
  jf_schema* schema = NULL;
  EXPECT_OK(jf_schema_open(path, NULL, 0, &schema));
  const void* data = NULL;
  const char* json = NULL;
  size_t bytes = 0;
  EXPECT_OK(jf_schema_write(schema, kGreet, JF_REQUEST, "{\"name\": \"Ada\"}", &data, &bytes));
  char message[64];
  EXPECT(bytes > 8 && bytes < sizeof message - 1);
  memcpy(message + 1, data, bytes); /* wherever it lies */
  EXPECT_OK(jf_schema_read(schema, kGreet, JF_REQUEST, message + 1, bytes, &json));
  EXPECT(strcmp(json, "{\"name\": \"Ada\"}") == 0);
  EXPECT_OK(jf_schema_write(schema, "Greet", JF_REPLY, "{\"text\": \"hi\"}", &data, &bytes));
  EXPECT_OK(jf_schema_close(schema));
}

static void MethodsAreListed(const char* path) {
  jf_schema* schema = NULL;
  jf_schema* again = NULL;
  jf_method_info info = {.size = sizeof info};
  size_t bytes = 0;
  EXPECT_OK(jf_schema_open(path, NULL, 0, &schema));
  const void* bfbs = jf_schema_bytes(schema, &bytes);
  EXPECT(bfbs != NULL && bytes > 100);
  EXPECT_OK(jf_schema_open(NULL, bfbs, bytes, &again));
  EXPECT_OK(jf_schema_close(schema));
  EXPECT_OK(jf_schema_method(again, 0, &info));
  EXPECT(strcmp(info.name, kGreet) == 0 && info.type == jf_type(kGreet));
  EXPECT(info.kind == JF_METHOD_CALL && info.timeout_us == 0);
  EXPECT(jf_schema_method(again, 1, &info) == JF_OUT_OF_RANGE);
  EXPECT_OK(jf_schema_close(again));
}

static void WhatIsWrongIsSaid(const char* path) {
  jf_schema* schema = NULL;
  const void* data = NULL;
  const char* json = NULL;
  size_t bytes = 0;
  EXPECT(jf_schema_open("/nowhere/x.fbs", NULL, 0, &schema) == JF_NOT_FOUND);
  EXPECT_REFUSED(jf_schema_open(NULL, NULL, 0, &schema), JF_REASON_MISUSE, "neither");
  EXPECT_REFUSED(jf_schema_open(NULL, "rubbish!rubbish!", 16, &schema), JF_REASON_MISUSE,
                 "the schema ");
  EXPECT(schema == NULL);
  EXPECT_OK(jf_schema_open(path, NULL, 0, &schema));
  EXPECT_REFUSED(jf_schema_write(schema, "Gret", JF_REQUEST, "{}", &data, &bytes),
                 JF_REASON_UNKNOWN_METHOD, "did you mean");
  EXPECT_REFUSED(jf_schema_write(schema, "Greet", 2, "{}", &data, &bytes), JF_REASON_MISUSE,
                 "JF_REQUEST");
  EXPECT_REFUSED(jf_schema_write(schema, "Greet", JF_REQUEST, "{\"nme\": 1}", &data, &bytes),
                 JF_REASON_NONE, "nme");
  EXPECT_REFUSED(jf_schema_write(schema, "Greet", JF_REQUEST, NULL, &data, &bytes),
                 JF_REASON_MISUSE, "no JSON");
  EXPECT_REFUSED(jf_schema_write(schema, NULL, JF_REQUEST, "{}", &data, &bytes), JF_REASON_MISUSE,
                 "NULL");
  EXPECT(jf_schema_read(schema, "Greet", JF_REPLY, "garbage!", 8, &json) == JF_DATA_LOSS);
  EXPECT(json == NULL);
  EXPECT_OK(jf_schema_close(schema));
  EXPECT_REFUSED(jf_schema_close(schema), JF_REASON_MISUSE, "closed before");
  EXPECT(jf_schema_bytes(schema, &bytes) == NULL && bytes == 0);
}

int main(int argc, char** argv) {
  EXPECT(argc == 2);
  if (argc != 2) return 1;
  JsonGoesThereAndBack(argv[1]);
  MethodsAreListed(argv[1]);
  WhatIsWrongIsSaid(argv[1]);
  return failures != 0;
}
