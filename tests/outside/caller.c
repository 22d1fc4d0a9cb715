/* caller GREET.fbs: calls greet.Greeter/Greet with "Ada", by the schema; nothing is generated. A
 * program of somebody who has jackfield/jackfield.h and libjackfield.so.1. */
#include <jackfield/jackfield.h>
#include <stdio.h>

static const char kGreet[] = "greet.Greeter/Greet";

static int Call(jf_channel* channel, jf_schema* schema) {
  jf_message* reply;
  const void* data;
  const char* json;
  size_t bytes;
  if (jf_schema_write(schema, kGreet, JF_REQUEST, "{\"name\": \"Ada\"}", &data, &bytes) != JF_OK ||
      jf_call(channel, jf_type(kGreet), data, bytes, NULL, &reply) != JF_OK)
    return jf_error()->code;
  data = jf_message_data(reply, &bytes);
  if (jf_schema_read(schema, kGreet, JF_REPLY, data, bytes, &json) != JF_OK)
    return jf_error()->code;
  puts(json);
  jf_message_free(reply);
  return JF_OK;
}

static int Run(jf_service* service, void* user) {
  jf_channel* channel;
  jf_schema* schema;
  jf_service_info info = {0};
  int status;
  (void)user;
  info.size = sizeof info;
  if (jf_service_facts(service, &info) != JF_OK) return jf_error()->code;
  if (info.arg_count != 1) return JF_INVALID_ARGUMENT;
  if (jf_schema_open(info.args[0], NULL, 0, &schema) != JF_OK ||
      jf_service_connect(service, "greet", NULL, &channel) != JF_OK)
    return jf_error()->code;
  status = Call(channel, schema);
  jf_schema_close(schema);
  return status;
}

int main(int argc, char** argv) { return jf_service_main(argc, argv, NULL, Run, NULL); }
