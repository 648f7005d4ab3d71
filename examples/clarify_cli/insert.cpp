// SPDX-License-Identifier: BSL-1.0
// `clarify insert`: the samples of a CSV file of any size.

#include <clarify/api/patterns.hpp>

#include "api_session.hpp"
#include "commands.hpp"
#include "csv_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify_cli {
namespace {

clarify::Error fault(clarify::Reason reason, std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, reason, std::move(what)};
}

/// What the columns of a file are.
struct Columns {
    std::size_t time = 0;
    /// The input key of each column; empty for those that are none.
    std::vector<std::string> keys;
    /// Each line is one sample: the columns with its key and its value.
    std::optional<std::pair<std::size_t, std::size_t>> sample;
};

std::optional<std::size_t> find_column(
    const std::vector<std::string>& names, std::initializer_list<std::string_view> wanted) {
    for (std::size_t i = 0; i != names.size(); ++i) {
        std::string name = names[i];
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        });
        if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) return i;
    }
    return std::nullopt;
}

clarify::Result<Columns> columns_of(
    const std::vector<std::string>& names, const std::string& prefix) {
    Columns columns;
    columns.time = find_column(names, {"time", "timestamp"}).value_or(0);
    const auto key = find_column(names, {"input", "key", "signal"});
    const auto value = find_column(names, {"value"});
    if (names.size() == 3 && key && value) {
        columns.sample = {*key, *value};
        return columns;
    }
    clarify::FieldErrors errors;
    for (std::size_t i = 0; i != names.size(); ++i) {
        columns.keys.push_back(i == columns.time ? std::string{} : prefix + names[i]);
        if (i != columns.time && !clarify::is_input_key(columns.keys[i]))
            errors.add("column " + std::to_string(i + 1), "is no input key: " + columns.keys[i]);
    }
    if (names.size() < 2) errors.add("the first line", "names no column but one");
    if (!errors.empty()) return errors.result().error();
    return columns;
}

/// Reads a value. An empty text is one that is missing; false for what is no finite number.
bool read_value(std::string_view text, double& value) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    value = clarify::DataFrame::missing;
    if (text.empty() || text == "null" || text == "NaN" || text == "nan") return true;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

/// How far an import has come, kept beside the file while it runs.
class Checkpoint {
public:
    Checkpoint(const std::string& file, std::string header)
        : path_(file == "-" ? std::string{} : file + ".progress"), header_(std::move(header)) {}

    /// Reads it. False where there is none for this file.
    bool load(std::uint64_t& offset, std::uint64_t& line) const {
        std::ifstream in{path_};
        std::string header;
        return !path_.empty() && in >> offset >> line && in.ignore() && std::getline(in, header) &&
            header == header_;
    }
    void store(std::uint64_t offset, std::uint64_t line) const {
        if (path_.empty()) return;
        // Replaced as a whole: half of it would be worse than none.
        const std::string fresh = path_ + ".new";
        std::ofstream{fresh} << offset << ' ' << line << '\n' << header_ << '\n';
        std::error_code ignored;
        std::filesystem::rename(fresh, path_, ignored);
    }
    void remove() const {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove(path_, ignored);
    }

private:
    std::string path_;
    std::string header_;
};

/// A bar on standard error, if that is a terminal.
class Progress {
public:
    Progress(std::uint64_t total, bool quiet)
        : total_(total), shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { clear(); }

    void show(std::uint64_t done, std::uint64_t samples) {
        if (!shown_) return;
        constexpr std::uint64_t width = 40;
        const std::uint64_t filled = total_ == 0 ? 0 : std::min(width, done * width / total_);
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
        std::fprintf(
            stderr,
            "\r[%s%s] %llu samples, %.0f a second\x1B[K",
            std::string(filled, '#').c_str(),
            std::string(width - filled, '.').c_str(),
            static_cast<unsigned long long>(samples),
            seconds > 0 ? static_cast<double>(samples) / seconds : 0.0);
        drawn_ = true;
    }
    void clear() {
        if (drawn_) std::fprintf(stderr, "\r\x1B[K");
        drawn_ = false;
    }

private:
    std::uint64_t total_;
    bool shown_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// An import from its first line to its last.
class Import {
public:
    Import(const InsertCommand& command, std::istream& in, std::uint64_t size)
        : command_(command), reader_(in), progress_(size, command.quiet) {}

    /// Reads the first line, and goes to where an interrupted import was.
    clarify::Result<void> open() {
        std::vector<std::string> names;
        if (!reader_.header(names)) {
            return fault(
                clarify::Reason::empty,
                reader_.fault() != nullptr ? reader_.fault() : "the file is empty");
        }
        clarify::Result<Columns> columns = columns_of(names, command_.prefix);
        if (!columns) return columns.error();
        columns_ = std::move(*columns);
        count_ = names.size();
        std::string header = command_.prefix;
        for (const std::string& name : names)
            header += '\x1F' + name;
        // In one line.
        std::replace(header.begin(), header.end(), '\n', ' ');
        checkpoint_.emplace(command_.file, std::move(header));
        std::uint64_t offset = 0;
        std::uint64_t line = 0;
        if (!command_.restart && checkpoint_->load(offset, line)) {
            reader_.seek(offset, line);
            std::fprintf(
                stderr, "clarify: going on at line %llu\n", static_cast<unsigned long long>(line));
        }
        return {};
    }

    boost::asio::awaitable<clarify::Result<void>> run(clarify::Client& client) {
        // Whatever the rows look like, a request has about as many values.
        constexpr std::size_t batch = 200'000;
        while (collect(batch)) {
            const clarify::DataFrame frame = samples_.take();
            const std::uint64_t offset = reader_.offset();
            const std::uint64_t line = reader_.next_line();
            const clarify::InsertOptions options;
            if (!frame.empty()) {
                const auto done = co_await client.insert(frame, options);
                if (!done) co_return clarify::Result<void>{done.error()};
            }
            inserted_ += frame.value_count();
            checkpoint_->store(offset, line);
            progress_.show(offset, inserted_);
        }
        progress_.clear();
        if (reader_.fault() != nullptr) {
            co_return clarify::Result<void>{fault(
                clarify::Reason::syntax,
                "line " + std::to_string(reader_.line()) + ": " + reader_.fault())};
        }
        checkpoint_->remove();
        std::fprintf(
            stderr,
            "clarify: %llu samples inserted, %llu lines left out\n",
            static_cast<unsigned long long>(inserted_),
            static_cast<unsigned long long>(rejected_));
        co_return clarify::Result<void>{};
    }

    std::uint64_t rejected() const { return rejected_; }

private:
    void reject(const std::string& why) {
        progress_.clear();
        std::fprintf(
            stderr,
            "%s:%llu: %s\n",
            command_.file.c_str(),
            static_cast<unsigned long long>(reader_.line()),
            why.c_str());
        ++rejected_;
    }

    void take(const std::vector<std::string>& fields) {
        if (fields.size() != count_) {
            return reject(
                std::to_string(fields.size()) + " fields, but " + std::to_string(count_) +
                " columns");
        }
        const auto time = clarify::Timestamp::parse(fields[columns_.time]);
        if (!time) return reject(std::string{time.error().message()});
        if (columns_.sample) {
            const auto [key_column, value_column] = *columns_.sample;
            const std::string key = command_.prefix + fields[key_column];
            if (!clarify::is_input_key(key)) return reject("no input key: " + key);
            double value = 0;
            if (!read_value(fields[value_column], value))
                return reject("no number: " + fields[value_column]);
            return samples_.add(key, *time, value);
        }
        values_.resize(count_);
        for (std::size_t i = 0; i != count_; ++i) {
            if (i == columns_.time || read_value(fields[i], values_[i])) continue;
            return reject("no number in " + columns_.keys[i] + ": " + fields[i]);
        }
        for (std::size_t i = 0; i != count_; ++i) {
            if (i != columns_.time) samples_.add(columns_.keys[i], *time, values_[i]);
        }
    }

    /// Reads up to `most` values. False where there was no line left.
    bool collect(std::size_t most) {
        bool any = false;
        while (samples_.size() < most && reader_.next(fields_)) {
            any = true;
            take(fields_);
        }
        return any;
    }

    const InsertCommand& command_;
    CsvReader reader_;
    Progress progress_;
    Columns columns_;
    std::size_t count_ = 0;
    std::optional<Checkpoint> checkpoint_;
    clarify::SampleBuffer samples_;
    std::vector<std::string> fields_;
    std::vector<double> values_;
    std::uint64_t inserted_ = 0;
    std::uint64_t rejected_ = 0;
};

}  // namespace

ExitCode insert(const InsertCommand& command) {
    const auto fail = [](const clarify::Error& error) {
        print_error(error, false);
        return exit_code(error.code());
    };
    std::ifstream file;
    std::uint64_t size = 0;
    if (command.file != "-") {
        file.open(command.file, std::ios::binary);
        if (!file) return fail(fault(clarify::Reason::file, command.file + " cannot be opened"));
        std::error_code ignored;
        size = std::filesystem::file_size(command.file, ignored);
    }
    Import import{command, command.file == "-" ? std::cin : file, size};
    if (const clarify::Result<void> opened = import.open(); !opened) return fail(opened.error());
    const ExitCode code = run_with_client(
        command.common, [&](clarify::Client& client) { return import.run(client); });
    // Lines that were left out are a mistake in the input.
    return code == ExitCode::success && import.rejected() != 0 ? ExitCode::usage : code;
}

}  // namespace clarify_cli
