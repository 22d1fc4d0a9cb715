#include "tools/web/files.h"

#include "gtest/gtest.h"

namespace jackfield::web {
namespace {

TEST(FilesTest, ThePageIsThereWithAllThatItAsksFor) {
  const auto page = FindFile("/");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->type, "text/html; charset=utf-8");
  size_t files = 0;
  for (const std::string_view attribute : {"src=\"/", "href=\"/"}) {
    for (size_t at = 0; (at = page->text.find(attribute, at)) != page->text.npos; ++files) {
      at += attribute.size() - 1;
      const std::string_view path = page->text.substr(at, page->text.find('"', at) - at);
      EXPECT_TRUE(FindFile(path).has_value()) << path;
    }
  }
  EXPECT_EQ(files, 5u);
  EXPECT_EQ(FindFile("/page.js")->type, "text/javascript; charset=utf-8");
  EXPECT_EQ(FindFile("/style.css")->type, "text/css; charset=utf-8");
}

TEST(FilesTest, NothingElseIsThere) {
  for (const std::string_view path : {"/gone.js", "/../page.js", "//", ""})
    EXPECT_FALSE(FindFile(path).has_value()) << path;
}

}  // namespace
}  // namespace jackfield::web
