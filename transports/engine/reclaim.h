// What is refused for a limit of the system may be refused for what the dead have left: they use
// the limit up, and no message of the system says so. So whoever makes such a thing makes it by
// this.
//
// Thread: any. Blocks: as `make`, and, if that was refused, as Resources.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RECLAIM_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RECLAIM_H_

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/resources.h"

namespace jackfield {

// make(): an absl::StatusOr. If it is refused for a limit (Reason::kResource), what is provably
// dead of this user's in `resources` is removed, as `jackfield clean` does, and said on stderr in
// one line; then it is called again. What it says the second time is returned, and, if there are
// things left whose owners cannot be seen from here, that as well.
template <class Make>
auto MakeOrReclaim(const Resources& resources, Make make) -> decltype(make()) {
  auto made = make();
  if (made.ok() || ReasonOf(made.status()) != Reason::kResource) return made;
  absl::Status why = made.status();
  const Cleaned reclaimed =
      RemoveDead(resources, Dry::kNo, [](const Resource&, const absl::Status&) {});
  if (reclaimed.removed > 0) {
    std::fprintf(stderr, "jackfield: %s: a limit was reached; removed %d that dead owners left\n",
                 std::string(resources.scheme()).c_str(), reclaimed.removed);
    auto again = make();
    if (again.ok()) return again;
    why = again.status();
  }
  if (reclaimed.unknown == 0) return why;
  return MakeStatus(OutcomeOf(why), ReasonOf(why),
                    Text(std::string(why.message()), "; ", reclaimed.unknown,
                         " more have owners that cannot be seen from here (jackfield ls "
                         "--resources): run jackfield clean where those ran"));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RECLAIM_H_
