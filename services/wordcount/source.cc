#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "services/wordcount/input.h"
#include "services/wordcount/wordcount.h"
#include "services/wordcount/wordcount_service.h"

namespace jackfield::wordcount {
namespace {

constexpr const char* kLicenses = "/usr/share/common-licenses";
constexpr size_t kPieceBytes = 60 << 10;
constexpr uint64_t kProgressEveryBytes = 1 << 20;

struct Sources {
  std::vector<Input> inputs;
  uint64_t bytes = 0;  // as far as the file system knows
};

absl::StatusOr<std::vector<std::string>> LicensePaths() {
  DIR* directory = opendir(kLicenses);
  if (directory == nullptr) {
    return absl::NotFoundError(
        Text("no files are named, and the licence texts that are counted then are not there: ",
             kLicenses, ": ", strerror(errno)));
  }
  std::vector<std::string> paths;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') paths.push_back(std::string(kLicenses) + "/" + entry->d_name);
  }
  closedir(directory);
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Opens everything before anything is sent, so that a missing file costs nothing.
absl::StatusOr<Sources> OpenAll(const std::vector<std::string>& args) {
  absl::StatusOr<std::vector<std::string>> paths = args;
  if (args.empty()) paths = LicensePaths();
  if (!paths.ok()) return paths.status();
  Sources text;
  for (const std::string& path : *paths) {
    absl::StatusOr<Input> input = Input::Open(path);
    if (!input.ok()) return input.status();
    text.bytes += input->bytes();
    text.inputs.push_back(*std::move(input));
  }
  return text;
}

// A bar on stderr, where somebody looks: a terminal, or a supervisor that says that it shows one.
class Progress {
 public:
  explicit Progress(uint64_t bytes_total)
      : total_(bytes_total),
        shown_(isatty(STDERR_FILENO) == 1 || std::getenv("JACKFIELD_PROGRESS") != nullptr) {}
  ~Progress() {
    if (shown_ && next_ > 0) std::fprintf(stderr, "\r\033[K");
  }
  void Show(uint64_t bytes) {
    if (!shown_ || bytes < next_) return;
    next_ = bytes + std::max(kProgressEveryBytes, total_ / 200);
    const uint64_t percent = total_ == 0 ? 0 : std::min<uint64_t>(100, bytes * 100 / total_);
    std::string bar(20, ' ');
    std::fill_n(bar.begin(), percent / 5, '#');
    std::fprintf(stderr, "\r  [%s] %3d%%  %s\033[K", bar.c_str(), static_cast<int>(percent),
                 FormatBytes(bytes).c_str());
    std::fflush(stderr);
  }

 private:
  const uint64_t total_;
  const bool shown_;
  uint64_t next_ = 0;
};

// Sends the text to tokenize. Returns the number of its words.
absl::StatusOr<uint64_t> Send(Service& service, Sources& text, TokenizeClient& tokenize) {
  absl::StatusOr<WriteStream<Piece, SplitDone>> stream = tokenize.Split();
  if (!stream.ok()) return stream.status();
  Progress progress(text.bytes);
  std::array<uint8_t, kPieceBytes> piece;
  uint64_t bytes = 0;
  for (Input& input : text.inputs) {
    for (;;) {
      const absl::StatusOr<size_t> got = input.Read(service, piece);
      if (!got.ok()) return got.status();
      if (*got == 0) break;
      absl::Status written = stream
                                 ->Write([&](flatbuffers::FlatBufferBuilder& fbb) {
                                   return CreatePiece(fbb, fbb.CreateVector(piece.data(), *got));
                                 })
                                 .Wait();
      if (!written.ok()) return written;
      bytes += *got;
      progress.Show(bytes);
    }
  }
  if (absl::Status ended = stream->EndWrites(); !ended.ok()) return ended;
  absl::StatusOr<MessageOf<SplitDone>> done = stream->Finish().Wait();
  if (!done.ok()) return done.status();
  if ((*done)->bytes() != bytes) {
    return absl::DataLossError(
        Text("tokenize received ", (*done)->bytes(), " of ", bytes, " bytes"));
  }
  return (*done)->words();
}

// The whole result as text, so that all of it is printed or nothing.
absl::StatusOr<std::string> Fetch(uint64_t words, CountClient& count) {
  absl::StatusOr<ReadStream<Counts>> top =
      count.Top([](flatbuffers::FlatBufferBuilder& fbb) { return CreateTopRequest(fbb); });
  if (!top.ok()) return top.status();
  std::string result;
  uint64_t sum = 0;
  bool goes_on = false;  // the last word
  while (std::optional<MessageOf<Counts>> counts = top->Read().Wait()) {
    for (const WordCounted* entry : *(*counts)->words()) {
      if (!goes_on) result += Text(entry->count(), " ");
      result += entry->word()->string_view();
      goes_on = entry->goes_on();
      if (goes_on) continue;
      result += '\n';
      sum += entry->count();
    }
  }
  if (absl::Status ended = top->Finish().Wait(); !ended.ok()) return ended;
  if (sum != words) return absl::DataLossError(Text("count knows ", sum, " words of ", words));
  return result;
}

}  // namespace

absl::Status RunSource(Service& service) {
  absl::StatusOr<Sources> text = OpenAll(service.args());
  if (!text.ok()) return text.status();
  absl::StatusOr<std::unique_ptr<Channel>> tokenize = service.Connect("tokenize");
  if (!tokenize.ok()) return tokenize.status();
  absl::StatusOr<std::unique_ptr<Channel>> count = service.Connect("count");
  if (!count.ok()) return count.status();
  for (Channel* channel : {tokenize->get(), count->get()}) {
    if (absl::Status open = channel->WaitOpen(); !open.ok()) return open;
  }
  service.Ready();
  TokenizeClient tokenizer(**tokenize);
  CountClient counter(**count);
  absl::StatusOr<uint64_t> words = Send(service, *text, tokenizer);
  if (!words.ok()) return words.status();
  absl::StatusOr<std::string> result = Fetch(*words, counter);
  if (!result.ok()) return result.status();
  if (std::fwrite(result->data(), 1, result->size(), stdout) != result->size() ||
      std::fflush(stdout) != 0) {
    return absl::UnavailableError(Text("cannot write to standard output: ", strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace jackfield::wordcount
