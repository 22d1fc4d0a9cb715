// A sheet with memory of its own.
#ifndef JACKFIELD_TOOLS_LOAD_SHEET_FOR_TESTS_H_
#define JACKFIELD_TOOLS_LOAD_SHEET_FOR_TESTS_H_

#include <cstdlib>
#include <memory>

#include "tools/load/sheet.h"

namespace jackfield::load {

class OwnSheet {
 public:
  explicit OwnSheet(Profile profile)
      : profile_(std::move(profile)),
        grid_(profile_),
        memory_(std::calloc(1, Sheet::BytesOf(grid_)), std::free),
        sheet_(grid_, memory_.get()) {}
  OwnSheet(const OwnSheet&) = delete;
  const Sheet& operator*() const { return sheet_; }
  const Sheet* operator->() const { return &sheet_; }

 private:
  const Profile profile_;
  const Grid grid_;
  const std::unique_ptr<void, void (*)(void*)> memory_;
  const Sheet sheet_;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_SHEET_FOR_TESTS_H_
