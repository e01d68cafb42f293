// generated file
export const Templates = {
  "K1": {
    "channel": "SHOP",
    "content": "주간 성과를 \"확인\"하세요.\n\n조회 수 : #{views}건\n순위 : #{keyword_rank}위",
    "templateParams": ["#{views}"]
  },
  "K2": {
    "content": "#{가맹점명} 이용 후기를 #{마감일}까지 남겨 주세요."
  }
}
