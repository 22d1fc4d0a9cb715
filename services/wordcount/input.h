// A file, FIFO, terminal or standard input ("-"), read on a node's thread: whoever waits for its
// text still hears that the service is asked to stop.
//
// Thread: the service's.
#ifndef JACKFIELD_SERVICES_WORDCOUNT_INPUT_H_
#define JACKFIELD_SERVICES_WORDCOUNT_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "jackfield/service.h"
#include "kernel/base/owned_fd.h"

namespace jackfield::wordcount {

class Input {
 public:
  // Does not wait for the other end of a FIFO. Of a file in a file system no descriptor is kept
  // until it is read: there may be more of them than descriptors. Errors: NOT_FOUND,
  // PERMISSION_DENIED, RESOURCE_EXHAUSTED (descriptors), FAILED_PRECONDITION (a directory, and what
  // else the system says).
  static absl::StatusOr<Input> Open(const std::string& path);

  // 0: the end, after which it must not be called again. Blocks, turning the node, until there is
  // something to read. Errors: as Open; CANCELLED, the service is to stop.
  absl::StatusOr<size_t> Read(Service& service, std::span<uint8_t> to);

  uint64_t bytes() const { return bytes_; }  // as far as the file system knows

 private:
  explicit Input(std::string path) : path_(std::move(path)) {}
  absl::Status OpenFile();

  std::string path_;
  OwnedFd fd_;
  uint64_t bytes_ = 0;
  bool waits_ = false;  // nothing may be there yet
};

}  // namespace jackfield::wordcount

#endif  // JACKFIELD_SERVICES_WORDCOUNT_INPUT_H_
