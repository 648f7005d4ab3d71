// SPDX-License-Identifier: BSL-1.0
// How far an import has come, kept beside the file that is imported.

#ifndef CLARIFY_CLI_CHECKPOINT_HPP
#define CLARIFY_CLI_CHECKPOINT_HPP

#include <clarify/core/result.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace clarify_cli {

/// How far an import has come.
struct ImportState {
    /// Where the next line begins, and how many there are before it.
    std::uint64_t offset = 0;
    std::uint64_t lines = 0;
    std::uint64_t inserted = 0;
    std::uint64_t rejected = 0;
};

/** A file `<name>.progress` that is there while an import is not complete.

    It is only for the same import of the same file: to the same place, with the same options, and
    with the same bytes, all of them, before the offset. The file may have grown since.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class Checkpoint {
public:
    /** @param file The name of the file. Empty: nothing is kept.
        @param descriptor The same file, open for reading, for as long as this object lives.
        @param import Whatever makes it another import: the server, the place, the options.
    */
    Checkpoint(const std::string& file, int descriptor, const std::string& import);

    /** What was stored for this import, if anything was. Reads all of the file before the offset.

        @par Errors
        `Errc::bad_argument`, `Reason::file`: what has the name of the file is no small regular
        file, or cannot be read. Nothing waits for a pipe.
    */
    clarify::Result<std::optional<ImportState>> load();
    /// False, the first time, where it cannot be stored.
    bool store(const ImportState& state);
    /// Is anything kept, and could it be?
    bool works() const { return !path_.empty() && !failed_; }
    void remove() const;

private:
    /// Of the import and all bytes before the offset, which does not go back; none where these
    /// cannot be read.
    std::optional<std::uint64_t> fingerprint(std::uint64_t offset);

    std::string path_;
    int descriptor_;
    /// Of the import and so many bytes of the file.
    std::uint64_t hash_;
    std::uint64_t hashed_ = 0;
    bool failed_ = false;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CHECKPOINT_HPP
