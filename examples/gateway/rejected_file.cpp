// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/text.hpp>

#include "json_body.hpp"
#include "rejected_file.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <exception>
#include <system_error>
#include <utility>

namespace gateway {

RejectedFile::RejectedFile(const std::string& path, daemons::Log& log)
    : file_(path, limit),
      kept_(
          log,
          "samples that Clarify rejects are not kept in " + path,
          "samples that Clarify rejects are kept again",
          "attempts"),
      writer_([this] { write_until_ended(); }) {}

RejectedFile::~RejectedFile() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
    writer_.join();
}

void RejectedFile::add(const clarify::RejectedSample& sample) {
    constexpr std::size_t longest_reason = 1024;
    boost::json::object line;
    line["input"] = sample.input;
    line["time"] = sample.time.to_string();
    line["value"] = sample.value;
    line["reason"] = clarify::detail::printable_within(sample.reason, longest_reason);
    const std::string text = json_body(boost::json::value(std::move(line))) + '\n';
    {
        const std::lock_guard lock{mutex_};
        if (lines_.size() + text.size() > limit) {
            left_some_out_ = true;
        } else {
            lines_ += text;
        }
    }
    changed_.notify_one();
}

void RejectedFile::write_until_ended() {
    std::unique_lock lock{mutex_};
    while (!ending_ || !lines_.empty()) {
        changed_.wait(lock, [this] { return ending_ || !lines_.empty(); });
        const std::string lines = std::exchange(lines_, {});
        const bool all = !std::exchange(left_some_out_, false);
        lock.unlock();
        if (!lines.empty()) write(lines, all);
        lock.lock();
    }
}

void RejectedFile::write(const std::string& lines, bool all) {
    try {
        const std::error_code failure = file_.append(lines);
        if (failure) return kept_.failed(failure.message());
        if (!all) return kept_.failed("there are more of them than can be written");
        kept_.succeeded();
    } catch (const std::exception&) {  // there is no memory, not even to say so
        const std::lock_guard lock{mutex_};
        left_some_out_ = true;
    }
}

}  // namespace gateway
