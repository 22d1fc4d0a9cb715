// What both kinds of reading and writing, blocking and by a callback, ask of a stream.
//
// Thread: the node's.
#ifndef JACKFIELD_BINDINGS_C_STREAM_H_
#define JACKFIELD_BINDINGS_C_STREAM_H_

#include "bindings/c/guard.h"
#include "jackfield/outcome.h"

namespace jackfield::c {

inline StreamEnd::ReadAwaiter Read(jf_stream& stream) {
  return stream.client != nullptr ? stream.client->Read() : stream.request->call->stream()->Read();
}
inline bool Readable(const jf_stream& stream) {
  return stream.client != nullptr ? stream.client->Readable()
                                  : stream.request->call->stream()->readable();
}
inline StreamEnd::WriteAwaiter<Bytes> Write(jf_stream& stream, Bytes bytes) {
  return stream.client != nullptr ? stream.client->Write(bytes)
                                  : stream.request->call->stream()->Write(bytes);
}

// Errors: one is under way.
absl::Status Idle(const char* function, bool under_way);

// May its answer be asked for?
inline absl::Status CheckFinish(const char* function, const jf_stream& stream) {
  if (stream.client == nullptr)
    return Misuse(function, "the stream is a request's: it gives the answer, by jf_reply");
  return Idle(function, stream.finishes);
}
// What is left where the answer was.
inline absl::Status Finished() {
  return Refused(Reason::kMisuse, "the answer of the stream was taken before");
}

}  // namespace jackfield::c

#endif  // JACKFIELD_BINDINGS_C_STREAM_H_
