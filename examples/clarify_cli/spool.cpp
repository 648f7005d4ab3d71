// SPDX-License-Identifier: BSL-1.0
// `clarify spool`: what waits in the spool of a gateway, and a way to get it out without one.

#include <clarify/api/samples.hpp>
#include <clarify/ingest/detail/spool_reader.hpp>

#include "commands.hpp"
#include "output.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace clarify_cli {
namespace {

namespace fs = std::filesystem;
using clarify::detail::SpoolKind;
using clarify::detail::SpoolReader;

/// A field of CSV, in quotes where it needs them.
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

/// As `clarify insert` reads it. Every number reads back as it is.
void write_csv(SpoolReader& reader, std::ostream& out) {
    out << "time,input,value\n";
    reader.each_batch([&out](const std::vector<clarify::detail::BatchSeries>& columns) {
        for (const auto& column : columns) {
            const std::string key = field(column.key);
            for (const clarify::Sample& sample : column.samples) {
                std::array<char, 32> number{};
                const auto end =
                    std::to_chars(number.data(), number.data() + number.size(), sample.value).ptr;
                out << sample.time << ',' << key << ','
                    << std::
                           string_view{number.data(), static_cast<std::size_t>(end - number.data())}
                    << '\n';
            }
        }
    });
}

ExitCode export_to(const std::string& file, SpoolReader& reader) {
    if (file == "-") {
        write_csv(reader, std::cout);
        return end_output();
    }
    errno = 0;
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    if (out) write_csv(reader, out);
    out.close();
    if (out) return ExitCode::success;
    throw std::system_error{errno, std::generic_category(), file};
}

void show(const char* name, const auto& value) {
    std::cout << name;
    if (value) {
        std::cout << *value << '\n';
    } else {
        std::cout << "-\n";
    }
}

/// The files beside the spool that were set aside.
void show_damaged(const fs::path& path) {
    const std::string begin = path.filename().string() + ".damaged-";
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{path.parent_path(), ignored}) {
        if (!entry.path().filename().string().starts_with(begin)) continue;
        std::cout << "set aside  " << entry.path().string() << ", " << entry.file_size(ignored)
                  << " bytes\n";
    }
}

}  // namespace

ExitCode spool(const SpoolCommand& command) {
    std::error_code failed;
    const fs::path path = fs::weakly_canonical(fs::absolute(command.file), failed);
    SpoolReader reader{path.string()};
    SpoolKind kind = SpoolKind::other;
    if (const int system = reader.kind(kind); system != 0)
        throw std::system_error{system, std::generic_category(), command.file};
    if (kind == SpoolKind::newer) {
        std::cerr << "clarify: " << command.file << ": was written by a newer version\n";
        return ExitCode::usage;
    }
    if (kind == SpoolKind::other)
        print_warning(command.file + " is no whole spool; what can be read of it follows");
    if (!command.export_to.empty()) return export_to(command.export_to, reader);

    const clarify::detail::SpoolSummary summary = reader.summary();
    std::cout << "samples    " << summary.samples << '\n'
              << "batches    " << summary.batches << '\n'
              << "inputs     " << summary.inputs << '\n';
    show("oldest     ", summary.oldest);
    show("newest     ", summary.newest);
    show("waits from ", summary.written);
    std::cout << "bytes      " << summary.bytes << '\n';
    if (summary.missing != std::uint64_t{0}) {
        show("missing    ", summary.missing);
    }
    show_damaged(path);
    return end_output();
}

}  // namespace clarify_cli
