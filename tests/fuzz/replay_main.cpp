// SPDX-License-Identifier: BSL-1.0
// Runs the targets over stored inputs, with any compiler: `fuzz_replay TARGET FILE_OR_FOLDER...`.

#include "fuzz.hpp"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fuzz::Target* find_target(const char* name) {
    const fuzz::Target* target = fuzz::Target::first;
    while (target != nullptr && std::strcmp(target->name, name) != 0)
        target = target->next;
    return target;
}

bool replay(const fuzz::Target& target, const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.string().c_str());
        return false;
    }
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    // In memory of exactly its size, so that a sanitizer sees a step beyond it.
    const std::vector<char> input(bytes.begin(), bytes.end());
    fuzz::current_file = path.string();
    target.run({input.data(), input.size()});
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const fuzz::Target* const target = argc > 2 ? find_target(argv[1]) : nullptr;
    if (target == nullptr) {
        std::fprintf(stderr, "usage: %s TARGET FILE_OR_FOLDER...\ntargets:", argv[0]);
        for (const auto* known = fuzz::Target::first; known != nullptr; known = known->next)
            std::fprintf(stderr, " %s", known->name);
        std::fprintf(stderr, "\n");
        return 2;
    }
    std::size_t count = 0;
    for (int i = 2; i < argc; ++i) {
        if (!fs::is_directory(argv[i])) {
            if (!replay(*target, argv[i])) return 1;
            ++count;
            continue;
        }
        for (const fs::directory_entry& entry : fs::directory_iterator{argv[i]}) {
            if (!entry.is_regular_file()) continue;
            if (!replay(*target, entry.path())) return 1;
            ++count;
        }
    }
    std::printf("%s: %zu inputs, no promise broken\n", target->name, count);
    // A folder without inputs is a mistake, not a success.
    return count == 0 ? 1 : 0;
}
