// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/file.hpp>

#include "clarify_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <utility>

namespace gateway {
namespace {

/// As `TlsOptions::ca_file` has it.
constexpr std::size_t largest_authorities = std::size_t{8} << 20U;

clarify::Result<std::string> read_authorities(const std::string& path) {
    if (path.empty()) return std::string{};
    auto file = clarify::detail::read_small_file(path, largest_authorities);
    if (!file) return file.error();
    boost::asio::ssl::context trial{boost::asio::ssl::context::tls_client};
    boost::system::error_code ec;
    trial.add_certificate_authority(boost::asio::buffer(file->content), ec);
    if (ec) return clarify::detail::file_error(path, "has no certificate that can be read", 0);
    return std::string{file->content};
}

std::string difference(
    const std::string& path, const clarify::Credentials& old, const clarify::Credentials& now) {
    std::string out = path + " has changed:";
    const std::size_t size = out.size();
    if (old.api_url().to_string() != now.api_url().to_string()) out += " another address,";
    if (old.integration() != now.integration()) out += " another integration,";
    if (old.type() != now.type()) out += " another kind of credentials,";
    if (old.client_id() != now.client_id()) out += " another client id,";
    if (out.size() == size) out += " another secret,";
    out.back() = '.';
    return out + " New requests use it; those in hand end with what was there before.";
}

}  // namespace

std::shared_ptr<ClarifyLink> CurrentLink::get() const {
    const std::lock_guard lock{mutex_};
    return current_;
}

void CurrentLink::replace(std::shared_ptr<ClarifyLink> link) {
    // Destroyed behind the lock, where it is the last to own the old link.
    std::shared_ptr<ClarifyLink> old;
    const std::lock_guard lock{mutex_};
    std::erase_if(all_, [](const auto& each) { return each.expired(); });
    all_.push_back(link);
    old = std::exchange(current_, std::move(link));
}

void CurrentLink::close() {
    std::vector<std::shared_ptr<ClarifyLink>> alive;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& each : all_) {
            if (auto link = each.lock()) alive.push_back(std::move(link));
        }
    }
    for (const auto& link : alive)
        link->client.close();
}

clarify::Result<std::vector<std::string>> LinkFiles::read() {
    auto authorities = read_authorities(authorities_file_);
    if (!authorities) return authorities.error();
    const auto file =
        clarify::detail::read_small_file(credentials_file_, clarify::Credentials::default_max_size);
    auto credentials = clarify::Credentials::from_file(credentials_file_);
    if (!credentials) return credentials.error();
    clarify::Secret text{file ? std::string_view{file->content} : std::string_view{}};

    std::vector<std::string> changes;
    if (credentials_ && !(text == credentials_text_))
        changes.push_back(difference(credentials_file_, *credentials_, *credentials));
    if (credentials_ && *authorities != authorities_text_)
        changes.push_back(authorities_file_ + " has changed. New connections trust it.");
    credentials_ = std::move(*credentials);
    credentials_text_ = std::move(text);
    authorities_text_ = std::move(*authorities);
    return changes;
}

}  // namespace gateway
