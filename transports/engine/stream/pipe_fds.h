// What every scheme does with the descriptors of a pipe, anonymous or named.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_STREAM_PIPE_FDS_H_
#define JACKFIELD_TRANSPORTS_ENGINE_STREAM_PIPE_FDS_H_

namespace jackfield {

// Asks for a buffer of 256 KiB; a lower limit of the system (fs.pipe-max-size) is accepted.
//
// And: a write to a pipe whose reader has gone raises SIGPIPE. Where that signal would kill the
// program (its default), it is set to be ignored for the process; a handler that the program has
// set is left alone, and is called.
void PreparePipeForWriting(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_STREAM_PIPE_FDS_H_
