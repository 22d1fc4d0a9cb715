// A program's own entry in the service `names`, as an object.
//
//   absl::StatusOr<std::unique_ptr<NameHold>> name = NameHold::Announce(*names, "stock", *port);
//
// It tells where the port serves and which interfaces it has. It lasts as long as the object, and
// goes on with the next instance of `names` by itself.
//
// Thread: the node's. The channel outlives it; the port need not.
#ifndef JACKFIELD_SERVICES_NAMES_NAME_HOLD_H_
#define JACKFIELD_SERVICES_NAMES_NAME_HOLD_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "jackfield/channel.h"
#include "jackfield/port.h"
#include "jackfield/task.h"
#include "services/names/directory.h"
#include "services/names/names_service.h"

namespace jackfield::names {

class NameHold {
 public:
  // Blocks until it is listed: outside handlers only. Errors: those of Directory::Listing::Enter,
  // and of the channel.
  static absl::StatusOr<std::unique_ptr<NameHold>> Announce(Channel& channel, std::string_view name,
                                                            const Port& port);
  NameHold(const NameHold&) = delete;

  // Is it listed, as far as is known here? While `names` is away it is not.
  bool listed() const { return listed_; }
  // OK: it is listed, or will be again. Else why it never will: after a restart of `names` another
  // may have the name.
  const absl::Status& ended_why() const { return ended_why_; }

 private:
  NameHold(Channel& channel, Listed listed) : channel_(channel), listing_(std::move(listed)) {}
  Task<void> Keep(Node& node);
  absl::Status OpenStream();

  Channel& channel_;
  const Listed listing_;
  bool listed_ = false;
  absl::Status ended_why_;
  std::unique_ptr<ClientStream> stream_;
  Task<void> keeping_;
};

}  // namespace jackfield::names

#endif  // JACKFIELD_SERVICES_NAMES_NAME_HOLD_H_
