// What `jackfield init` writes: the files of tools/init/template, which is a package of this tree,
// with the name and the place of another; or as much of it as a project outside needs, with the
// files of tools/init/outside.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_INIT_PACKAGE_H_
#define JACKFIELD_TOOLS_INIT_PACKAGE_H_

#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

struct NewFile {
  std::string name;  // within the folder
  std::string text;
};

// Who builds it. All but kBazel are for a folder of its own, outside of any workspace.
enum class Builder { kBazel, kCMake, kMake, kPython };

// Whose: the checkout of Jackfield, or one that has it as the repository @jackfield.
enum class Workspace { kOwn, kOther };

// The service `name` in `folder`, as seen from the root of the workspace: "services/greet". In the
// order in which they are best read. Requires: CheckPackageName and CheckPackageFolder are OK.
std::vector<NewFile> FilesOfPackage(std::string_view name, std::string_view folder,
                                    Workspace workspace = Workspace::kOwn);

// The same in a folder of its own. Requires: CheckPackageName is OK; `builder` is not kBazel.
std::vector<NewFile> FilesOfProject(std::string_view name, Builder builder);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_INIT_PACKAGE_H_
