// SPDX-License-Identifier: BSL-1.0
// What importing a file and following one have in common.

#ifndef CLARIFY_CLI_IMPORT_HPP
#define CLARIFY_CLI_IMPORT_HPP

#include <clarify/ingest/writer_stats.hpp>

#include "csv_samples.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "session.hpp"
#include "terminal_text.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace clarify_cli {

struct InsertCommand;

/// Whatever makes it another import of the same file: the server, the place, the options.
std::string import_of(Session& session, const CsvOptions& csv, char delimiter);

/// `clarify insert --follow`.
ExitCode follow(const InsertCommand& command);

/// Samples that the service will never take: the first ones are told on standard error.
class RejectedSamples {
public:
    /// @param before Called before a line is written.
    explicit RejectedSamples(std::function<void()> before) : before_(std::move(before)) {}

    void add(const clarify::RejectedSample& sample) {
        constexpr std::uint64_t most = 100;
        if (++count_ > most) return;
        before_();
        print_line(
            daemons::Level::warning,
            "rejected: " + visible(sample.input) + " at " + sample.time.to_string() + ": " +
                visible(sample.reason));
        if (count_ == most)
            print_line(daemons::Level::warning, "others that are rejected are counted");
    }
    std::uint64_t count() const { return count_; }
    void say_how_many() const {
        if (count_ == 0) return;
        print_line(daemons::Level::warning, std::to_string(count_) + " samples were rejected");
    }

private:
    std::function<void()> before_;
    std::uint64_t count_ = 0;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_IMPORT_HPP
