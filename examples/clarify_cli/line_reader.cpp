// SPDX-License-Identifier: BSL-1.0

#include "line_reader.hpp"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace clarify_cli {
namespace {

constexpr std::size_t block_size = std::size_t{64} << 10U;

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

LineReader::LineReader(boost::asio::any_io_executor executor, int descriptor, std::size_t longest)
    : executor_(std::move(executor)), descriptor_(descriptor), longest_(longest) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{last_error(), "pipe2"};
    wake_read_ = ends[0];
    wake_write_ = ends[1];
    thread_ = std::thread{[this] { read_in_thread(); }};
}

LineReader::~LineReader() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_one();
    ::close(wake_write_);  // which the poll of read_block() notices
    thread_.join();
    ::close(wake_read_);
}

std::optional<LineReader::Line> LineReader::next() {
    while (true) {
        const std::size_t end = buffer_.find('\n', searched_);
        const bool complete = end != std::string::npos;
        const std::size_t stop = complete ? end : buffer_.size();
        const bool too_long = stop - consumed_ > longest_;
        const bool last = ended_ && consumed_ != stop;
        if (!complete && !too_long && !last) {
            searched_ = stop;
            if (skipping_) consumed_ = stop;
            return std::nullopt;
        }
        const bool rest_of_cut_line = std::exchange(skipping_, !complete && !ended_);
        Line line;
        if (!rest_of_cut_line) {
            line.number = ++lines_;
            line.cut = too_long;
            if (!too_long) line.text = buffer_.substr(consumed_, stop - consumed_);
        }
        consumed_ = complete ? stop + 1 : stop;
        searched_ = consumed_;
        if (!rest_of_cut_line) return line;
    }
}

void LineReader::finish(bool keeps_rest) {
    ended_ = true;
    at_end_ = false;
    if (keeps_rest) return;
    buffer_.resize(consumed_);
    searched_ = consumed_;
}

void LineReader::read_more(std::function<void()> ready) {
    if (std::exchange(due_, true)) return;
    if (ended_) {
        boost::asio::post(executor_, [this, ready = std::move(ready)] {
            due_ = false;
            ready();
        });
        return;
    }
    {
        const std::lock_guard lock{mutex_};
        wanted_ = std::move(ready);
    }
    changed_.notify_one();
}

void LineReader::read_in_thread() {
    // The loop has work to wait for as long as this thread may bring some.
    const auto executor =
        boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked);
    while (true) {
        std::function<void()> ready;
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [this] { return stopping_ || wanted_; });
            if (stopping_) return;
            ready = std::exchange(wanted_, nullptr);
        }
        Block block = read_block();
        boost::asio::post(
            executor, [this, block = std::move(block), ready = std::move(ready)]() mutable {
                take(std::move(block));
                due_ = false;
                ready();
            });
    }
}

LineReader::Block LineReader::read_block() const {
    std::array<pollfd, 2> polled{{{descriptor_, POLLIN, 0}, {wake_read_, POLLIN, 0}}};
    while (::poll(polled.data(), polled.size(), -1) < 0) {
        if (errno != EINTR) return {{}, last_error()};
    }
    if (polled[1].revents != 0) return {};
    Block block;
    block.text.resize(block_size);
    ssize_t size = -1;
    do {
        size = ::read(descriptor_, block.text.data(), block.text.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) block.error = last_error();
    block.text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return block;
}

void LineReader::take(Block block) {
    at_end_ = block.text.empty() && follows_ && !block.error;
    ended_ = block.text.empty() && !at_end_;
    error_ = block.error;
    buffer_.erase(0, consumed_);
    erased_ += consumed_;
    searched_ -= consumed_;
    consumed_ = 0;
    buffer_ += block.text;
    if (!follows_) return;
    constexpr std::size_t most = 64;
    last_bytes_ += block.text;
    if (last_bytes_.size() > most) last_bytes_.erase(0, last_bytes_.size() - most);
}

}  // namespace clarify_cli
