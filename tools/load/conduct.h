// Runs a Run to its end, heard by the terminal: ^C stops it early, a line on stderr shows it live.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_LOAD_CONDUCT_H_
#define JACKFIELD_TOOLS_LOAD_CONDUCT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "tools/dynamic/remote.h"
#include "tools/load/options.h"
#include "tools/load/result.h"
#include "tools/load/run.h"

namespace jackfield::load {

class Conductor {
 public:
  // remote: hears ^C. quiet: no live line, nor where stderr is no terminal.
  Conductor(dynamic::Remote& remote, const Options& options, bool quiet);

  struct Conducted {
    std::unique_ptr<Run> run;
    Result result;
  };
  // Blocks until it is over. `job` and `arrivals` outlive what is returned. Errors: those of
  // Run::Start and Run::status.
  absl::StatusOr<Conducted> Conduct(const Job& job, const Arrivals& arrivals);
  bool interrupted() const { return remote_.interrupted(); }
  const Options& options() const { return options_; }

 private:
  void Show(const Run::Glance& glance);
  dynamic::Remote& remote_;
  const Options& options_;
  const bool live_;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_CONDUCT_H_
